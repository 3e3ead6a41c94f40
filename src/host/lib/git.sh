# A git repository on this host. A program asks for this text with `# uses: git`.

# Seconds after which git is ended; empty: it takes the time that it takes.
git_limit=

# As its owner: what a repository's settings have git do is done to nobody else.
in_repository() { # REPOSITORY ARGUMENT…
  git_repository=$1
  shift
  setpriv --reuid "$(stat -c %u "$git_repository")" --regid "$(stat -c %g "$git_repository")" --clear-groups \
    env HOME=/nonexistent ${git_limit:+nice -n 19 timeout "$git_limit"} git -C "$git_repository" "$@"
}
