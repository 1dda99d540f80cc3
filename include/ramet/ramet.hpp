// All of Ramet's public C++ interface.
#pragma once

#include "ramet/communicator.hpp"
#include "ramet/dataset.hpp"
#include "ramet/device_data.hpp"
#include "ramet/error.hpp"
#include "ramet/model.hpp"
#include "ramet/nccl.hpp"
#include "ramet/params.hpp"
#include "ramet/schema.hpp"
#include "ramet/train.hpp"
#include "ramet/version.hpp"
