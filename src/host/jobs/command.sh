# Runs a program of the user's, with its arguments as they are and no shell in between.
# usage: command PROGRAM [ARGUMENT…]
exec "$@"
