"""SfePy: linear elements on the same nodes, implicit steps of a second. SfePy assembles, SuperLU
solves; the ring's factors are kept."""
import json
import sys

import numpy as np
from chains import Chains, Ring
from problem import channel_error, median_time, read_problem, say, wall_error_m
from scipy.sparse.linalg import splu, spsolve
from sfepy.base.base import output
from sfepy.discrete import Equation, Equations, FieldVariable, Integral, Material, Problem
from sfepy.discrete.fem import FEDomain, Field, Mesh
from sfepy.terms import Term

output.set_output(quiet=True)
p = read_problem()
with open(sys.argv[2]) as file:
    reference = json.load(file)


def line_mesh(places, pairs):
    return Mesh.from_data(
        "line", places[:, None], None, [pairs.astype(np.int32)],
        [np.zeros(len(pairs), dtype=np.int32)], ["1_2"],
    )


class Assembly:
    """Matrices of conductance, capacity and sweep terms, given per element."""

    def __init__(self, mesh, elements):
        domain = FEDomain("domain", mesh)
        omega = domain.create_region("Omega", "all")
        field = Field.from_args("T", np.float64, "scalar", omega, approx_order=1)
        self.v = FieldVariable("v", "test", field, primary_var_name="T")
        self.T = FieldVariable("T", "unknown", field)
        integral = Integral("i", order=2)
        self.points = integral.get_qp("1_2")[0].shape[0]
        self.values = {}
        shape = (elements, self.points, 1, 1)
        for name in ("c", "k", "a"):
            self.values[name] = np.zeros(shape)
        material = Material("m", function=self.fetch)
        def term(text):
            return Term.new(text, integral, omega, m=material, v=self.v, T=self.T)

        terms = term("dw_dot(m.c, v, T)") + term("dw_laplace(m.k, v, T)")
        terms = terms - term("dw_s_dot_mgrad_s(m.a, v, T)")
        self.equations = Equations([Equation("balance", terms)])
        self.problem = Problem("line", equations=self.equations)
        self.problem.time_update()
        self.problem.update_materials()
        self.matrix_pattern = self.equations.create_matrix_graph()
        self.state = np.zeros(self.matrix_pattern.shape[0])

    def fetch(self, ts, coors, mode=None, **kwargs):
        if mode != "qp":
            return None
        return {name: value.reshape(-1, 1, 1) for name, value in self.values.items()}

    def set(self, name, per_element):
        self.values[name][...] = per_element.reshape(-1, 1, 1, 1)

    def matrix(self):
        self.equations.time_update_materials(None, mode="force", problem=self.problem)
        self.matrix_pattern.data[:] = 0.0
        self.equations.eval_tangent_matrices(self.state, self.matrix_pattern, by_blocks=False)
        return self.matrix_pattern


class Walls(Chains):
    def __init__(self, cells, finer=1):
        super().__init__(p, cells, finer)
        w, n = np.meshgrid(np.arange(self.walls), np.arange(self.nodes), indexing="ij")
        places = (w * (self.nodes + 1.0) + n).reshape(-1)
        first = (w[:, :-1] * self.nodes + n[:, :-1]).reshape(-1)
        self.assembly = Assembly(line_mesh(places, np.stack([first, first + 1], 1)), len(first))
        self.front = np.arange(self.walls) * self.nodes + self.nodes - 1
        self.shells = np.arange(self.walls) * self.nodes

    def advance(self, superheat):
        slope, source = self.prepare()
        self.assembly.set("c", self.C / p.dt)
        self.assembly.set("k", self.K)
        self.assembly.set("a", self.A)
        A = self.assembly.matrix().copy()
        # The capacity's part of the right hand side, element by element.
        T = self.T
        c = self.C / p.dt
        right = np.zeros_like(T)
        right[:, :-1] += c * (T[:, :-1] / 3 + T[:, 1:] / 6)
        right[:, 1:] += c * (T[:, :-1] / 6 + T[:, 1:] / 3)
        right[:, 0] += source
        diagonal = A.diagonal()
        diagonal[self.shells] += slope
        diagonal[self.front] = 1e30
        A.setdiag(diagonal)
        right[:, -1] = 1e30 * p.liquidus
        self.T = spsolve(A.tocsc(), right.reshape(-1)).reshape(T.shape)
        self.move(superheat)


class Channels(Ring):
    def __init__(self):
        super().__init__(p)
        c = p.channel
        n = self.ring
        mesh = line_mesh(np.arange(n + 1.0), np.stack([np.arange(n), np.arange(1, n + 1)], 1))
        assembly = Assembly(mesh, n)
        assembly.set("c", np.full(n, 1.0))
        mass = assembly.matrix().tocsc().copy()
        assembly.set("c", np.zeros(n))
        assembly.set("k", np.full(n, c["diffusion"] / self.step**2))
        assembly.set("a", np.full(n, -c["speed"] / self.step))
        flow = assembly.matrix().tocsc().copy()
        around = np.zeros((n + 1, n))
        around[np.arange(n), np.arange(n)] = 1
        around[n, 0] = 1
        mass, flow = around.T @ mass @ around, around.T @ flow @ around
        from scipy.sparse import csc_matrix, csr_matrix

        self.explicit = csr_matrix(mass - 0.5 * p.dt * flow)
        self.factors = splu(csc_matrix(mass + 0.5 * p.dt * flow))

    def advance(self, shots):
        self.react(shots)
        both = self.factors.solve(self.explicit @ np.stack([self.dissolved, self.solid], 1))
        self.dissolved, self.solid = both[:, 0].copy(), both[:, 1].copy()
        self.exchange()


def run(make, inputs, error, count, seconds):
    one = make()
    for given in inputs:
        one.advance(given)
    worst = error(one)
    many = make()

    def steps():
        for given in inputs[:count]:
            many.advance(given)

    return worst, median_time(steps, seconds) / count


ledge_reference = np.array(reference["ledge_m"])
mass_reference = np.array(reference["mass_kg"])
results = []
for finer in (1, 1.5, 2, 3):
    worst, seconds = run(
        lambda: Walls(1, finer), list(p.superheat),
        lambda w: wall_error_m(p, w.ends(), ledge_reference), 60, 2,
    )
    say(f"  sfepy walls, {finer} x the nodes: error {worst:.3g} "
        f"(ours {reference['ours_wall_m']:.3g}), {1e6 * seconds:.0f} us per cell-second")
    results.append({"part": "walls", "way": f"P1, {finer} x the nodes", "cells": 1,
                    "us": 1e6 * seconds / p.dt, "error": worst})
    if worst <= reference["ours_wall_m"]:
        break
worst, seconds = run(
    Channels, list(p.feed), lambda c: channel_error(p, c.mass(), mass_reference), 200, 2
)
say(f"  sfepy channels: error {worst:.3g} (ours {reference['ours_channel']:.3g}), "
    f"{1e6 * seconds:.0f} us per cell-second")
results.append({"part": "channels", "way": "P1, Crank-Nicolson, factors kept", "cells": 1,
                "us": 1e6 * seconds / p.dt, "error": worst})
print(json.dumps({"results": results}))
