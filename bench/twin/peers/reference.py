"""Writes the fine reference: ledge at both heights, alumina of the ring, and the error of ours."""
import json

import numpy as np
from problem import channel_error, read_problem, reference_channels, reference_walls, wall_error_m

p = read_problem()
walls = reference_walls(p)
mass = reference_channels(p)
print(json.dumps({
    "ledge_m": walls.tolist(),
    "mass_kg": mass.tolist(),
    "ours_wall_m": wall_error_m(p, p.ours["ledge_m"], walls),
    "ours_channel": channel_error(p, p.ours["mass_kg"], mass),
    "numpy": np.__version__,
}))
