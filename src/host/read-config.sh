# Prints which configurations a host has, and which one is in use. Changes nothing.
# usage: read-config FOLDER
# prints: current STATE LABEL   switching STATE LABEL (a switch was begun and is not over)   at LABEL STATE KNOWN, for each that can be switched to, and what the host is known by then
# uses: config-read
set -u
config_read "$1"
