"""`kubectl gitops completion`: what a shell reads to complete the words of this program."""

from __future__ import annotations

import argparse

from gitops_operator.cli.console import Console
from gitops_operator.cli.exits import Exit

SHELLS = {
    "bash": """\
# bash completion of kubectl-gitops: source <(kubectl gitops completion bash)
_kubectl_gitops() {
    local out directive IFS=$'\\n'
    out=$(kubectl_complete-gitops "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null) || return
    directive=${out##*:}
    out=${out%:*}
    if ((directive == 0)); then
        compopt -o default
    elif ((directive & 16)); then
        COMPREPLY=($(compgen -d -- "$2"))
        compopt -o filenames
    else
        out=$(cut -f1 <<<"$out")
        # What stands before a "=" is a word of its own for bash.
        [[ ${COMP_WORDS[COMP_CWORD]} == "=" || ${COMP_WORDS[COMP_CWORD - 1]} == "=" ]] && out=$(cut -d= -f2- <<<"$out")
        COMPREPLY=($out)
    fi
}
complete -F _kubectl_gitops kubectl-gitops
""",
    "zsh": """\
#compdef kubectl-gitops
# zsh completion of kubectl-gitops: source <(kubectl gitops completion zsh)
_kubectl_gitops() {
    local -a lines values
    local directive line name meaning
    lines=("${(@f)$(kubectl_complete-gitops "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    directive=${lines[-1]#:}
    for line in "${(@)lines[1,-2]}"; do
        name=${line%%$'\\t'*}
        meaning=${line#*$'\\t'}
        [[ $name == $line ]] && meaning=''
        values+=("${name//:/\\\\:}${meaning:+:$meaning}")
    done
    if ((directive == 0)); then
        _files
    elif ((directive & 16)); then
        _files -/
    elif ((${#values})); then
        _describe 'kubectl gitops' values
    fi
}
compdef _kubectl_gitops kubectl-gitops
""",
    "fish": """\
# fish completion of kubectl-gitops: kubectl gitops completion fish | source
function __kubectl_gitops_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l lines (kubectl_complete-gitops $words[2..-1] 2>/dev/null)
    switch "$lines[-1]"
        case ':0'
            __fish_complete_path (commandline -ct)
        case ':16'
            __fish_complete_directories (commandline -ct)
        case '*'
            printf '%s\\n' $lines[1..-2]
    end
end
complete -c kubectl-gitops -f -a '(__kubectl_gitops_complete)'
""",
}


def run(arguments: argparse.Namespace, console: Console) -> Exit:
    console.write(SHELLS[arguments.shell])
    return Exit.FINE
