# The upstream that test users get while they go to one server, as text. A program that asks for this text with
# `# uses: nginx-testers` sets `upstream` first.

# Prints it: that server, and behind it all others, for while it is down. A server that drains serves test users on; one
# that is out serves nobody. Where there is no such server they go where all go.
nginx_testers() { # FILE SERVER: the servers of the upstream, and the one that test users go to
  echo "upstream $upstream.testers { # to $2" &&
    awk -v to="$2" '
      {
        at = index($0, "#")
        code = at ? substr($0, 1, at - 1) : $0
        split(at ? substr($0, at + 1) : "", word, " ")
      }
      code !~ /^[ \t]*server[ \t]/ { next }
      {
        sub(/[ \t]*;[ \t]*$/, "", code)
        parts = split(code, part, " ")
        line = "    server"
        for (i = 2; i <= parts; i++) {
          if (part[i] == "backup" || (part[i] == "down" && word[1] == to && word[2] == "draining")) continue
          line = line " " part[i]
        }
        lines[++count] = line
        names[count] = word[1]
        if (word[1] == to) found = 1
      }
      END {
        for (i = 1; i <= count; i++)
          print lines[i] (found && names[i] != to ? " backup" : "") "; # " names[i]
      }
    ' "$1" && echo '}'
}

# Prints the server that test users go to by such a text.
nginx_testers_go_to() { # FILE
  sed -n 's/^upstream .* { # to //p' "$1"
}
