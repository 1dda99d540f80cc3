// A module of another build: it may be asked for its version, but nothing else of it may be touched.
#include "backend/module.hpp"

extern "C" __attribute__((visibility("default"))) const ramet::backend::Module*
ramet_backend_module() noexcept {
  static const auto* nowhere = reinterpret_cast<const ramet::backend::Backend*>(std::uintptr_t{16});
#ifdef OTHER_LAYOUT
  static const ramet::backend::Module module{"0.0.9", ramet::backend::interface_digest,
                                             ramet::backend::layout_digest + 1, nowhere};
#else
  static const ramet::backend::Module module{"0.0.9", "0123456789abcdef", ramet::backend::layout_digest,
                                             nowhere};
#endif
  return &module;
}
