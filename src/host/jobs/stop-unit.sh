# Stops a unit. Whoever stops a stopped one does nothing.
# usage: stop-unit UNIT
# uses: going-down
systemctl stop -- "$1"
