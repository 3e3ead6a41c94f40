# Folders in which a backup comes back. They are gone at the end, unless the program says `place_stays=yes`. A program asks for this
# text with `# uses: give-up place`.

place_begin() { # FOLDER NEEDED-BYTES
  place=$1 places="${places:-} $1"
  rm -rf --one-file-system "$place"
  trap place_end EXIT
  mkdir -p "$place"
  # whatever the folder above hands on to those in it
  chown root:root "$place"
  chmod 00700 "$place"
  [ "$(($(stat -f -c '%a * %S' "$place")))" -ge "$2" ] || give_up 20 "${place%/*} has too little space for it: $(($2 / 1048576)) MiB may be needed"
}

# For a drill, on the store.
place_scratch() { # ID NEEDED-BYTES
  mkdir -p /var/lib/pawl-scratch
  # accounts must come by, and see nothing
  chmod 711 /var/lib/pawl-scratch
  place_begin "/var/lib/pawl-scratch/$1" "$2"
  chmod 711 "$place"
}

# Whoever runs something there ends it here.
place_leave() { :; }

place_end() {
  place_leave
  # shellcheck disable=SC2086 # none has a blank
  [ "${place_stays:-no}" = yes ] || rm -rf --one-file-system $places
}
