# Arrow C++: from the system, or from the pyarrow wheel of a Python (RAMET_PYTHON).
