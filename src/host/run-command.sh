# Runs a check of the user's: program and arguments as they are, no shell in between.
# usage: run-command PROGRAM [ARGUMENT…]
exec "$@"
