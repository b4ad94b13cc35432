"""What objects show of themselves in a notebook: HTML, and bars as a picture."""
