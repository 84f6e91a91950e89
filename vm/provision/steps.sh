# shellcheck shell=sh
# What linux.sh and darwin.sh share. Each step looks first, changes what is not as it should be, and tells one line on standard output:
#   done STEP | changed STEP: WHAT | failed STEP: WHY
# A second run changes nothing.
# shellcheck disable=SC2034 # linux.sh and darwin.sh ask whether this was read
kextdev_steps=1

LC_ALL=C
export LC_ALL
PATH=$PATH:/usr/sbin:/sbin

usage() {
  cat <<END
Usage: sh $0 --user NAME [options]
Makes this machine a guest for testing kernel extensions. Run it as root; what is as it should be stays as it is.
  --user NAME      who logs in over SSH to test
  --key KEY        a public key that lets that user in: "ssh-ed25519 AAAA..."
  --sudo NAME      who may run the commands of a test as root without a password
  --hostname NAME  what the machine is to be called
  --kdk FILE       the Kernel Debug Kit to install: a .dmg or .pkg (macOS)
  --vmware         it runs in VMware: its tools and its shared folder are looked at, too
  --root FOLDER    takes FOLDER for /, to try this out
END
}

# Where the system keeps its settings, and the commands of a test: linux.sh and darwin.sh know.
etc='' sudo_commands='' sudo_settings=''

user='' key='' sudo_user='' hostname='' kdk='' vmware='' root=''

read_options() {
  while [ $# -gt 0 ]; do
    case $1 in
    --vmware) vmware=yes ;;
    --help) usage && exit 0 ;;
    --user | --key | --sudo | --hostname | --kdk | --root)
      [ $# -gt 1 ] || stop "$1 needs a value"
      case $1 in
      --user) user=$2 ;;
      --key) key=$2 ;;
      --sudo) sudo_user=$2 ;;
      --hostname) hostname=$2 ;;
      --kdk) kdk=$2 ;;
      --root) root=$2 ;;
      esac
      shift
      ;;
    *) stop "$1 is not known" ;;
    esac
    shift
  done
  is_name "$user" || stop "--user must name a user"
  [ -z "$sudo_user" ] || is_name "$sudo_user" || stop "--sudo must name a user"
  case $hostname in *[!A-Za-z0-9.-]* | -* | .*) stop "--hostname must be letters, digits, dots and hyphens" ;; esac
  [ -n "$root" ] || [ "$(id -u)" = 0 ] || stop "only root may do this: sudo sh $0 ..."
}

stop() {
  echo "$1. --help tells more." >&2
  exit 64
}

is_name() {
  case $1 in '' | [!A-Za-z_]* | *[!A-Za-z0-9_.-]*) return 1 ;; esac
}

# step NAME FUNCTION: what the function prints after "+ " was changed, after "= " is worth telling; it returns non-zero when it could not do its work.
step() {
  if output=$("$2" 2>&1); then
    changes=$(printf '%s\n' "$output" | sed -n 's/^+ //p' | paste -s -d ';' - | sed 's/;/; /g')
    notes=$(printf '%s\n' "$output" | sed -n 's/^= //p' | paste -s -d ';' - | sed 's/;/; /g')
    if [ -n "$changes" ]; then
      echo "changed $1: $changes${notes:+; $notes}"
    else
      echo "done $1${notes:+: $notes}"
    fi
  else
    echo "failed $1: $(printf '%s\n' "$output" | grep -v '^[+=] ' | tail -n 3 | paste -s -d ' ' -)"
    failures=yes
  fi
}

changed() { echo "+ $1"; }

note() { echo "= $1"; }

fail() {
  echo "$1"
  return 1
}

# put_file PATH MODE [CHECK...]: makes standard input the file's content; CHECK gets a candidate's path and may refuse it.
put_file() {
  file=$root$1
  path=$1
  mode=$2
  shift 2
  mkdir -p "${file%/*}" || return
  candidate=$(mktemp "$file.XXXXXX") || return
  cat >"$candidate"
  if [ -f "$file" ] && cmp -s "$candidate" "$file" && [ -n "$(find "$file" -perm "$mode")" ]; then
    rm -f "$candidate"
    return 0
  fi
  if [ $# -gt 0 ] && ! "$@" "$candidate"; then
    rm -f "$candidate"
    fail "$path was left as it is: $* refused the new one"
    return 1
  fi
  chmod "$mode" "$candidate" && mv -f "$candidate" "$file" && changed "$path"
}

make_folder() { # PATH MODE
  if [ ! -d "$root$1" ]; then
    mkdir -p "$root$1" && chmod "$2" "$root$1" && changed "$1"
  elif [ -z "$(find "$root$1" -prune -perm "$2")" ]; then
    chmod "$2" "$root$1" && changed "$1"
  fi
}

set_key() {
  [ -n "$key" ] || { note 'no key was given' && return; }
  case $key in ssh-*' '* | ecdsa-*' '*) ;; *) fail 'this is no public key' || return ;; esac
  home=$(home_of "$user") || return
  [ -d "$root$home" ] || fail "the home of $user, $home, does not exist" || return
  ssh=$root$home/.ssh
  # The folder is the user's: root must not be led elsewhere.
  if [ -L "$ssh" ] || [ -L "$ssh/authorized_keys" ]; then
    fail "$home/.ssh is a link, and is not followed"
    return 1
  fi
  bare=$(printf '%s\n' "$key" | cut -d ' ' -f 1-2)
  make_folder "$home/.ssh" 700 || return
  touch "$ssh/authorized_keys" || return
  if ! grep -qF -- "$bare" "$ssh/authorized_keys"; then
    # A last line without its end must not swallow ours.
    [ -z "$(tail -c 1 "$ssh/authorized_keys")" ] || echo >>"$ssh/authorized_keys"
    printf '%s\n' "$key" >>"$ssh/authorized_keys" || return
    changed "the key may log in as $user"
  fi
  if [ -z "$(find "$ssh/authorized_keys" -perm 600)" ]; then
    chmod 600 "$ssh/authorized_keys" && changed "$home/.ssh/authorized_keys is its user's alone"
  fi
  chown -R "$user" "$ssh"
}

set_sudo() {
  case $sudo_user in '' | root) note 'root needs none' && return ;; esac
  command -v visudo >/dev/null || fail 'there is no visudo: install sudo' || return
  grep -Eq '^[#@]includedir .*sudoers\.d' "$root$etc/sudoers" || fail "$etc/sudoers does not include $etc/sudoers.d" || return
  put_file "$etc/sudoers.d/kextdev" 440 check_sudoers <<END
# Made by KextDev: the commands of a test, and no others.
$sudo_user ALL=(root) NOPASSWD: $(printf '%s\n' "$sudo_commands" | tr -s ' \n' ' ' | sed 's/^ //; s/ $//; s/ /, /g')${sudo_settings:+, $sudo_settings}
END
}

check_sudoers() { chmod 440 "$1" && visudo -c -q -f "$1"; }

# In front of all else: of a keyword the first value counts.
set_sshd() {
  config=$etc/ssh/sshd_config
  [ -f "$root$config" ] || fail "$config does not exist: install an OpenSSH server" || return
  {
    echo '# kextdev begin: logins with a key, also as root; many at once; none waits for a name server'
    echo 'PubkeyAuthentication yes'
    [ "$user" != root ] || echo 'PermitRootLogin without-password'
    echo 'UseDNS no'
    echo 'MaxStartups 100'
    echo 'MaxSessions 100'
    echo '# kextdev end'
    sed '/^# kextdev begin/,/^# kextdev end/d' "$root$config"
  } | put_file "$config" 644 check_sshd
}

check_sshd() { sshd=$(command -v sshd) && "$sshd" -t -f "$1"; }

conclude() { [ -z "$failures" ]; }
failures=''
