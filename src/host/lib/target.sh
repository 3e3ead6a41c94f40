# What is to be swapped: whether that can be done, and where it is staged. A program asks for this text with `# uses: target`.

# Prints in words why it cannot be done, and nothing where it can.
target_trouble() { # PATH
  ! target_of_host "$1" || {
    echo 'lies directly below /: a host is broken while that is swapped. Restore it to another folder, and copy what is needed'
    return
  }
  target_kept=/var/lib/pawl
  case $target_kept in
  "$1" | "$1"/*)
    echo 'holds what Pawl keeps on this host. Restore it to another folder, and copy what is needed'
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
    "$1"/*)
      echo "has the file system $target_mount in it, which would go aside with it. Unmount that first, or restore to another folder"
      return
      ;;
    esac
  done </proc/self/mountinfo
}

# Directly below / only data may be swapped, which is there as a file system of its own.
target_of_host() { # PATH
  case $1 in
  /*/*) return 1 ;;
  /bin | /boot | /dev | /etc | /lib* | /proc | /root | /run | /sbin | /sys | /tmp | /usr | /var) ;;
  *) ! target_mounted "$1" ;;
  esac
}

target_mounted() { # PATH
  awk -v path="$1" '$5 == path { found = 1 } END { exit !found }' /proc/self/mountinfo
}

# The folder on its file system in which it is staged, and goes aside.
target_beside() { # PATH
  if target_mounted "$1"; then printf '%s\n' "$1"; else printf '%s\n' "${1%/*}"; fi
}

# The nearest folder that is there.
target_there() { # FOLDER
  target_folder=$1
  while [ -n "$target_folder" ] && [ ! -d "$target_folder" ]; do target_folder=${target_folder%/*}; done
  printf '%s\n' "${target_folder:-/}"
}
