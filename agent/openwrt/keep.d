/etc/openwisp/
