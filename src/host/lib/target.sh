# Whether a rename can put something in the place of what lies at a path. A program asks for this text with `# uses: target`.

# Prints in words why not, and nothing where it can.
target_trouble() { # PATH
  case ${1#/} in
  */*) ;;
  *)
    echo 'lies directly below /: a host is broken while that is swapped. Restore it to another folder, and copy what is needed'
    return
    ;;
  esac
  [ ! -L "$1" ] || { echo 'is a link: nothing is restored through links. Back up what it points to'; return; }
  target_above=$(target_there "${1%/*}")
  [ "$(readlink -f -- "$target_above")" = "$target_above" ] || {
    echo "lies behind a link: nothing is restored through links. Name it as $(readlink -f -- "$target_above")/…"
    return
  }
  while read -r _ _ _ _ target_mount _; do
    case $target_mount in
    "$1")
      echo 'is a file system of its own, and a rename cannot swap it. Restore to another folder, and copy; or keep it in a folder below'
      return
      ;;
    "$1"/*)
      echo "has the file system $target_mount in it, which would go aside with it. Unmount that first, or restore to another folder"
      return
      ;;
    esac
  done </proc/self/mountinfo
}

# The nearest folder that is there.
target_there() { # FOLDER
  target_folder=$1
  while [ -n "$target_folder" ] && [ ! -d "$target_folder" ]; do target_folder=${target_folder%/*}; done
  printf '%s\n' "${target_folder:-/}"
}
