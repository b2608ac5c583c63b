"""The GANs of five introductory articles: a form that works, and the form that was published."""
