"""What docker-compose.yaml needs beside the image."""
