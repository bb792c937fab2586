"""What stands in front of a service: routes joined to services, ports that are dialled, headers, patience."""
