"""Five short recipes of GANs for images: a form that works, and the form in which they were written."""
