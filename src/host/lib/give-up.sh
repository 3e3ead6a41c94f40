# The end of a program that cannot go on. A program asks for this text with `# uses: give-up`.

give_up() { # CODE WORDS
  echo "$2" >&2
  exit "$1"
}
