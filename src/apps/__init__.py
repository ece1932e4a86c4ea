"""The programs: settings, composition, HTTP apps, background work and the command line."""
