# Maps of HAProxy: it reads their files when it starts, and is told of changes. A program asks for this text with
# `# uses: give-up haproxy haproxy-map`, and sets `socket` first.

asked() { # COMMAND: fails the program unless HAProxy has nothing to say
  answer=$(haproxy_ask "$socket" "$1") || give_up 4 "no answer at $socket"
  [ -z "$answer" ] || give_up 3 "$answer"
}

# Gives the running process what stands in a file, all at once; read back. A command may have some 16 KiB: long lines go
# alone, short ones together.
map_load() { # FILE
  file=$1
  answer=$(haproxy_ask "$socket" "prepare map $file") || give_up 4 "no answer at $socket"
  version=${answer##*'New version created: '}
  [ "$version" != "$answer" ] || give_up 3 "$answer"
  some=
  while IFS= read -r line; do
    [ $((${#some} + ${#line})) -lt 3000 ] || map_add
    some="$some$line
"
  done <"$file"
  map_add
  asked "commit map @$version $file"
  shown=$(haproxy_ask "$socket" "show map $file" | sed -n 's/^0x[0-9a-f]* //p')
  [ "$shown" = "$(cat "$file")" ] || give_up 5 "$file is not what HAProxy shows although it took it"
}

map_add() {
  [ -z "$some" ] || asked "add map @$version $file <<
$some"
  some=
}
