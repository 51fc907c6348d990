# hints.awk: compiler output in which what thread-related instructions mean is said by calls.
#
#   pause, rep nop (x86), yield, wfe, isb (Arm)     call model_pause_keep: "I will look again"
#   mfence, lock add $0 to the stack, dmb           call model_fence_keep: a seq_cst fence
#   the clock, random numbers, system calls, and    call model_asm_NAME: a stub that ends the check,
#   in inline assembly whatever touches memory      since accesses there cannot be seen
#
# Inline assembly lies between #APP and #NO_APP; there `;` may separate instructions, and a prefix
# may stand before it. Both functions keep every register.
BEGIN { arm = machine ~ /^aarch64/ }

function say_call(name) {
    if (arm)
        print "\tstr x30, [sp, #-16]!\n\tbl " name "\n\tldr x30, [sp], #16"
    else
        print "\tcall " name "@PLT"
}

function say_stub(instruction,    name) {
    name = instruction
    if (name ~ /^lock /)
        sub(/^lock +/, "lock_", name)
    sub(/[ \t].*/, "", name)
    gsub(/[^A-Za-z0-9_]/, "_", name)
    say_call("model_asm_" name)
}

# 1: a hint, a fence, or something that is never allowed, said; 0: none of these
function special(s) {
    if (arm) {
        if (s ~ /^(yield|wfe|isb( .*)?)$/)
            say_call("model_pause_keep")
        else if (s ~ /^dmb / && inline)
            say_call("model_fence_keep")
        else if (s ~ /^(svc|mrs x[0-9]+, *cnt)/)
            say_stub(s)
        else
            return 0
        return 1
    }
    if (s ~ /^(pause|rep nop)$/)
        say_call("model_pause_keep")
    else if (s ~ /^mfence$/ || s ~ /^lock (add|or)[bwlq]? \$(0|0x0), *(0|-[0-9]+)?\(%[re]?sp\)$/)
        say_call("model_fence_keep")
    else if (s ~ /^(rdtscp?|rdrand|rdseed|syscall|sysenter|int|movnt[a-z]+|maskmov[a-z]+|x(begin|end|abort))( .*)?$/)
        say_stub(s)
    else
        return 0
    return 1
}

function touches_memory(s) {
    if (arm)
        return s ~ /\[/
    return s ~ /^lock / || (s ~ /\(/ && s !~ /^(lea|nop|prefetch)/) || s ~ /^(rep[a-z]* )?(movs|stos|cmps|scas|lods)[bwlq]?$/
}

function statement(s) {
    gsub(/[ \t]+/, " ", s)
    sub(/^ /, "", s)
    sub(/ $/, "", s)
    if (prefix != "") {
        s = prefix " " s
        prefix = ""
    }
    if (s ~ /^(rep|lock)$/) { # goes with the next instruction
        prefix = s
        return
    }
    if (s == "" || special(s))
        return
    if (s !~ /^[.0-9A-Za-z_$]+:/ && s !~ /^\./ && touches_memory(s))
        say_stub(s)
    else
        print "\t" s
}

/^[ \t]*(#|\/\/) *APP/ { inline = 1; print; next }
/^[ \t]*(#|\/\/) *NO_APP/ {
    if (prefix != "")
        print "\t" prefix
    inline = 0; prefix = ""; print; next }
!inline {
    if ($0 ~ /^[ \t]+[a-z]/) {
        text = $0
        sub(/[ \t]*(#|\/\/).*$/, "", text)
        gsub(/[ \t]+/, " ", text)
        sub(/^ /, "", text)
        sub(/ $/, "", text)
        if (special(text))
            next
    }
    print
    next
}
/"/ || /^[ \t]*(#|\/\/)/ { print; next } # a string, a line marker
{
    text = $0
    sub(/(#|\/\/).*$/, "", text)
    if (arm)
        gsub(/;/, "\n", text)
    n = split(text, part, /[;\n]/)
    for (i = 1; i <= n; i++)
        statement(part[i])
}
