# Starts a unit, also one that failed before. Whoever starts an active one does nothing.
# usage: start-unit UNIT
# uses: going-down
systemctl reset-failed -- "$1" 2>/dev/null || true
systemctl start -- "$1"
