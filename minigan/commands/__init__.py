"""What the commands of `minigan` do, one file for each."""
