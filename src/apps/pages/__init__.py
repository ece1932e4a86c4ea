"""What all pages share: files, packages, the frame around them, and where the services are."""
