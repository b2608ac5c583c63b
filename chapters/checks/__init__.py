"""The checks of the exercises, one module for each chapter. They show the answers: read them afterwards."""
