#include "app/failure.h"

#include <exception>
#include <new>
#include <stdexcept>

#include "app/command.h"
#include "app/exit_code.h"
#include "core/input_error.h"
#include "core/streams.h"
#include "device/device.h"
#include "run/child_process.h"

namespace twofour::app {

int exit_code_of(FunctionRef<int()> work) {
  try {
    return work();
  } catch (const UsageError& error) {
    say(error.what());
    write_to_stderr("see 'twofour --help'\n");
    return kExitUsage;
  } catch (const InputError& error) {
    say(error.what());
    return kExitUsage;
  } catch (const std::bad_alloc&) {
    say("out of memory");
    return kExitFailed;
  } catch (const std::exception& error) {
    say(error.what());
    return kExitFailed;
  }
}

int exit_code_of_all(FunctionRef<int()> work) {
  try {
    return exit_code_of(work);
  } catch (const device::DeviceLost& error) {
    say(error.what());
  } catch (...) {
    say("ended by an exception of an unknown type");
  }
  return kExitFailed;
}

int in_child(bool in_process, FunctionRef<int()> work) {
  if (in_process) return exit_code_of_all(work);
  return run::run_in_child([&] { return exit_code_of_all(work); });
}

}  // namespace twofour::app
