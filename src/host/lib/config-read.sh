# What a host says of its configurations. A program asks for this text with `# uses: config-read`.

config_read() { # FOLDER
  for what in current switching; do
    [ ! -f "$1/$what" ] || echo "$what $(sed 1q "$1/$what")"
  done
  for file in "$1"/at/*; do
    [ ! -f "$file" ] || { read -r line <"$file" && echo "at ${file##*/} $line"; }
  done
}
