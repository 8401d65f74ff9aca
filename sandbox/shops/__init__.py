"""Two stores with a past, and what goes on in them: data that looks real, under a seed."""
