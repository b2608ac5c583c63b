"""The commands of ``minigan``, one file for each: its help, its arguments and what it does."""
