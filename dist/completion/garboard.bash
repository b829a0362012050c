# bash completion for garboard. Commands and options come from the program's own --help, so that they are always those of the
# program that will run.

_garboard_commands() {
    "$1" --help 2>/dev/null | awk '/^Commands:/ { on = 1; next } on && !NF { exit } on { sub(/^  /, ""); sub(/  .*/, ""); print }'
}

# "--policy FILE", "--skip-unreadable", one a line; a letter ("-o FILE") gets a line of its own.
_garboard_options() {
    "$1" ${2:+$2} --help 2>/dev/null | awk '/^Options:/ { on = 1; next } on && !NF { exit } on {
        sub(/^  /, ""); sub(/  .*/, "")
        if (match($0, /^-[a-z], /)) { rest = substr($0, 5); split(rest, w, " "); print substr($0, 1, 2) " " w[2]; $0 = rest }
        print
    }'
}

# What may stand for ARGUMENT ("FILE"), completing CUR.
_garboard_values() {
    case $1 in
    FILE | CA.pem | PATH | EK) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$2") ;;
    DIR) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$2") ;;
    FORMAT) mapfile -t COMPREPLY < <(compgen -W 'text json' -- "$2") ;;
    CLASS) mapfile -t COMPREPLY < <(compgen -W 'platform os packages engine' -- "$2") ;;
    LIFE) mapfile -t COMPREPLY < <(compgen -W 'candidate shadow accepted' -- "$2") ;;
    ALG) mapfile -t COMPREPLY < <(compgen -W 'sha1 sha256 sha384 sha512' -- "$2") ;;
    esac
}

_garboard() {
    local IFS=$'\n' cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} program=${COMP_WORDS[0]}
    local first=${COMP_WORDS[1]:-} second=${COMP_WORDS[2]:-} third=${COMP_WORDS[3]:-} commands command='' option argument more=''
    COMPREPLY=()
    commands=$(_garboard_commands "$program")
    if ((COMP_CWORD > 1)) && grep -qx -- "$first" <<<"$commands"; then
        command=$first
    elif ((COMP_CWORD > 3)) && grep -qx -- "$first $second $third" <<<"$commands"; then
        command=$first\ $second\ $third
    elif ((COMP_CWORD > 2)) && grep -qx -- "$first $second" <<<"$commands"; then
        command=$first\ $second
    fi
    if [ -z "$command" ]; then
        # The first word of every command, or the second of those that begin with the first.
        if ((COMP_CWORD == 1)); then
            mapfile -t COMPREPLY < <(compgen -W "$(sed 's/ .*//' <<<"$commands" | sort -u)"$'\nhelp\n--help\n--version' -- "$cur")
        elif ((COMP_CWORD == 2)); then
            mapfile -t COMPREPLY < <(compgen -W "$(sed -n "s/^$first \([^ ]*\).*/\1/p" <<<"$commands" | sort -u)" -- "$cur")
        fi
        return
    fi
    local options
    options=$(IFS=' '; _garboard_options "$program" "$command")
    while read -r option; do
        argument=${option#* }
        if [ "$argument" != "$option" ] && [ "$prev" = "${option%% *}" ]; then
            _garboard_values "$argument" "$cur"
            return
        fi
    done <<<"$options"
    # "reference predict" may go on with a third word.
    ((COMP_CWORD == 3)) && more=$(sed -n "s/^$first $second //p" <<<"$commands")
    if [[ $cur != -* && -n $more ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$more" -- "$cur")
        return
    fi
    if [[ $cur == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(sed 's/ .*//' <<<"$options")" -- "$cur")
        return
    fi
    argument=$(IFS=' '; "$program" $command --help 2>/dev/null | sed -n '1s/.* \([A-Z]\{3,\}\) .*/\1/p')
    _garboard_values "$argument" "$cur"
}

complete -F _garboard garboard
