// The CUDA backend as a shared module: its one exported name (backend/module.hpp).
#include "backend/module.hpp"

#include "cuda/backend.hpp"
#include "ramet/version.hpp"

extern "C" __attribute__((visibility("default"))) const ramet::backend::Module*
ramet_backend_module() noexcept {
  static const ramet::backend::Backend backend = ramet::cuda::cuda_backend();
  static const ramet::backend::Module module{ramet::version_string, ramet::backend::interface_digest,
                                             ramet::backend::layout_digest, &backend};
  return &module;
}
