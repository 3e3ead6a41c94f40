# One server of an upstream in nginx, as `nginx-set` and `nginx-assert` see and set it. A program that asks for this
# text with `# uses: fence give-up nginx nginx-load nginx-testers nginx-server wanted` sets `config`, `folder`, `port`,
# `upstream` and `server` first, and calls `nginx_open`, then `nginx_alone` in the server's lane.

# What else changes with it stays named: it is called again when all is put back.
nginx_open() {
  names=${names-$upstream.servers}
  file=$folder/$upstream.servers
  new=$folder/.$upstream.servers.new
  testers=$upstream.testers to=
  # nginx itself reads at its start what is wanted
  state_file=
  wanted_folder=/var/lib/pawl/wanted/nginx$folder
  wanted_file=$wanted_folder/$upstream/$server
}

# Nothing has become of it: what was wanted before is wanted still.
refuse() { # CODE WORDS
  wanted_undo
  give_up "$1" "$2"
}

# Asks nginx, and reads the server's line: its `address`, its `state` (in|draining|out) and its weight, `now`.
look() {
  [ -f "$file" ] || refuse 3 "there is no $file"
  line=$(nginx_line) || refuse 3 "$file: $line"
  read -r address state now <<END
$line
END
  nginx_ask "$upstream.servers" || refuse 4 "nginx gives no answer of $upstream at 127.0.0.1:$port"
  nginx_master
}

# Prints ADDRESS in|draining|out WEIGHT, or what is wrong with the file.
nginx_line() {
  awk -v server="$server" '
    { at = index($0, "#"); code = at ? substr($0, 1, at - 1) : $0; split(at ? substr($0, at + 1) : "", word, " ") }
    code !~ /^[ \t]*server[ \t]/ || word[1] != server { next }
    code !~ /^[^;]*;[ \t]*$/ { wrong = "the line of " server " must be one server, a semicolon, and its name behind #"; next }
    found++ { wrong = "more than one line is called " server }
    {
      sub(/;/, "", code)
      parts = split(code, part, " ")
      state = "in"
      weight = 1
      for (i = 3; i <= parts; i++) {
        if (part[i] == "down") state = word[2] == "draining" ? "draining" : "out"
        if (part[i] ~ /^weight=/) weight = substr(part[i], 8)
      }
    }
    END {
      if (!found && wrong == "") wrong = "No such server " server
      print wrong == "" ? part[2] " " state " " weight : wrong
      exit wrong != ""
    }
  ' "$file"
}

# Prints a file with the server as it is wanted. What else stands in its line stays.
nginx_edited() { # FILE in|held|draining|out [WEIGHT]
  awk -v server="$server" -v wanted="$2" -v weight="${3:-}" '
    {
      at = index($0, "#")
      code = at ? substr($0, 1, at - 1) : $0
      words = split(at ? substr($0, at + 1) : "", word, " ")
      if (code !~ /^[ \t]*server[ \t]/ || word[1] != server) { print; next }
      goes_in = wanted == "in" || wanted == "held"
      match(code, /^[ \t]*/)
      line = substr(code, 1, RLENGTH) "server"
      sub(/[ \t]*;[ \t]*$/, "", code)
      parts = split(code, part, " ")
      weighs = 0
      for (i = 2; i <= parts; i++) {
        if (part[i] == "down") continue
        if (part[i] ~ /^weight=/) {
          weighs = 1
          if (goes_in) part[i] = "weight=" weight
        }
        line = line " " part[i]
      }
      if (goes_in && !weighs && weight != 1) line = line " weight=" weight
      if (!goes_in) line = line " down"
      line = line "; # " server
      if (wanted == "draining") line = line " draining"
      for (i = 2; i <= words; i++) if (word[i] != "draining") line = line " " word[i]
      print line
    }
  ' "$1"
}

bring() { # in|held|draining|out [WEIGHT]
  look
  nginx_edited "$file" "$@" >"$new" || refuse 3 "$new cannot be written"
  serve
}

# Makes the new text the file, and proves it; what is served already is not loaded again.
serve() {
  chmod --reference="$file" "$new" && chown --reference="$file" "$new"
  tell_testers
  # shellcheck disable=SC2086 # names have no blanks
  if [ "$(nginx_digest "$file")" = "$served" ] && [ "$(nginx_digest "$new")" = "$served" ] &&
    nginx_is_so ${names#"$upstream.servers"}; then
    # words for us alone
    cmp -s "$new" "$file" || put "$upstream.servers"
    return
  fi
  keep_copy || refuse 3 "the backup in $backups cannot be written; nothing was changed"
  take
  reload
}

# Where test users go to one server, `to`, their file follows in the same load.
tell_testers() {
  names=$upstream.servers to=
  [ ! -f "$folder/$testers" ] || to=$(nginx_testers_go_to "$folder/$testers")
  [ -n "$to" ] || return 0
  names="$names $testers"
  { sed '/^upstream /,$d' "$folder/$testers" && nginx_testers "$new" "$to"; } >"$folder/.$testers.new" ||
    refuse 3 "$folder cannot be written"
}

# As it was before the change whose epoch is `change`; the newest ten stay.
keep_copy() {
  kept_as=$backups/$upstream.servers.$change
  [ -e "$kept_as" ] || cp -p "$file" "$kept_as" || return 1
  for old in $(find "$backups" -name "$upstream.servers.*" | sort -r | tail -n +11); do rm -f "$old"; done
}
