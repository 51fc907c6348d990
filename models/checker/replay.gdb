# replay.gdb: `models/qcheck --gdb` gives it to gdb: stops before the counterexample is run again, and
# then at each of its steps, in the program's own frame.
set confirm off
set pagination off
set print thread-events off
set print inferior-events off
set breakpoint pending on
# What the checker itself needs: its clock, and the signals of programs that crash.
handle SIGPROF nostop noprint pass
handle SIGSEGV SIGBUS SIGFPE SIGILL nostop noprint pass
skip -gfile */models/checker/*
skip -gfile */harness/*

break queuelab_replay
commands
  silent
  printf "\nThe counterexample, once more. Set breakpoints at your lines (break FILE:LINE), then\n"
  printf "  continue   goes to the next step of the counterexample, whichever thread does it\n"
  printf "  next, step  go on in the thread that you see, until another one comes first\n"
  printf "  delete 2   stops at the steps no more, only at your breakpoints\n"
end
break queuelab_stop
commands
  silent
  while $pc != *(unsigned long *)&queuelab_stop_pc
    up-silently
  end
  if *(int *)&queuelab_stop_returns
    advance *(*(unsigned long *)&queuelab_stop_pc)
  else
    frame
  end
end
run
if !$_isvoid($_exitcode)
  quit $_exitcode
end
