# The end of a program that cannot go on. A program asks for this text with `# uses: give-up`.

give_up() { # CODE WORDS
  echo "$2" >&2
  exit "$1"
}

# What a program has said last, without traces of its own source.
last_words() { # FILE
  grep -avE '^[[:space:]]|^(github\.com|golang\.org|runtime|main)[./]' "$1" | tail -n 2 || true
}
