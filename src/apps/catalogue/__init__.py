"""The catalogue as a file: the sample that an empty shop begins with, and files of the shop's."""
