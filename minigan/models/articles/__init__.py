"""The GANs of five introductory articles, corrected, and as they were published."""
