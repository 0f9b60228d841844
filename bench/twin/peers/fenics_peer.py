"""FEniCS (dolfin): linear elements on the same nodes, implicit steps of a second. The forms are
compiled once, matrices keep their pattern, the ring's factors are kept, nothing is printed."""
import json
import sys

import dolfin as d
import numpy as np
from chains import Chains, Ring
from problem import channel_error, median_time, read_problem, say, wall_error_m

d.set_log_level(d.LogLevel.ERROR)
d.parameters["form_compiler"]["optimize"] = True
d.parameters["form_compiler"]["cpp_optimize"] = True
d.parameters["form_compiler"]["quadrature_degree"] = 2
p = read_problem()
with open(sys.argv[2]) as file:
    reference = json.load(file)


class Walls(Chains):
    def __init__(self, cells, finer=1):
        super().__init__(p, cells, finer)
        walls, nodes, elements = self.walls, self.nodes, self.elements
        mesh = d.Mesh()
        editor = d.MeshEditor()
        editor.open(mesh, "interval", 1, 1)
        editor.init_vertices(walls * nodes)
        editor.init_cells(walls * elements)
        for w in range(walls):
            for i in range(nodes):
                editor.add_vertex(w * nodes + i, np.array([w * (nodes + 1.0) + i]))
            for i in range(elements):
                editor.add_cell(w * elements + i, np.array([w * nodes + i, w * nodes + i + 1], dtype=np.uintp))
        editor.close(order=False)
        V, Q = d.FunctionSpace(mesh, "P", 1), d.FunctionSpace(mesh, "DG", 0)
        self.dofs = d.vertex_to_dof_map(V)
        self.cells_of = np.array([Q.dofmap().cell_dofs(i)[0] for i in range(walls * elements)])
        ends = d.MeshFunction("size_t", mesh, 0, 0)
        for w in range(walls):
            ends[w * nodes] = 1
        ds = d.Measure("ds", domain=mesh, subdomain_data=ends)
        T, v = d.TrialFunction(V), d.TestFunction(V)
        self.old = d.Function(V)
        self.fK, self.fC, self.fA = d.Function(Q), d.Function(Q), d.Function(Q)
        self.slope, self.source = d.Function(V), d.Function(V)
        dt = d.Constant(p.dt)
        a = self.fC / dt * T * v * d.dx + self.fK * T.dx(0) * v.dx(0) * d.dx
        a += -self.fA * T.dx(0) * v * d.dx + self.slope * T * v * ds(1)
        L = self.fC / dt * self.old * v * d.dx + self.source * v * ds(1)
        self.assembler = d.SystemAssembler(a, L, [d.DirichletBC(V, d.Constant(p.liquidus), Front(walls, nodes), "pointwise")])
        self.matrix, self.right = d.Matrix(), d.Vector()
        self.solver = d.LUSolver(self.matrix, "default")
        self.new = d.Function(V)

    def advance(self, superheat):
        slope, source = self.prepare()
        size = self.walls * self.nodes
        for function, values in ((self.fK, self.K), (self.fC, self.C), (self.fA, self.A)):
            all_values = np.empty(values.size)
            all_values[self.cells_of] = values.reshape(-1)
            function.vector().set_local(all_values)
        for function, values in ((self.slope, slope), (self.source, source)):
            nodal = np.zeros((self.walls, self.nodes))
            nodal[:, 0] = values
            self.put(function, nodal)
        self.put(self.old, self.T)
        self.assembler.assemble(self.matrix, self.right)
        self.solver.solve(self.matrix, self.new.vector(), self.right)
        self.T = self.new.vector().get_local()[self.dofs].reshape(self.walls, self.nodes)
        self.move(superheat)

    def put(self, function, nodal):
        values = np.empty(nodal.size)
        values[self.dofs] = nodal.reshape(-1)
        function.vector().set_local(values)


class Front(d.SubDomain):
    def __init__(self, walls, nodes):
        super().__init__()
        self.nodes = nodes

    def inside(self, x, on_boundary):
        return abs((x[0] % (self.nodes + 1.0)) - (self.nodes - 1)) < 1e-6


class Around(d.SubDomain):
    def __init__(self, length):
        super().__init__()
        self.length = length

    def inside(self, x, on_boundary):
        return on_boundary and x[0] < 1e-9

    def map(self, x, y):
        y[0] = x[0] - self.length


class Channels(Ring):
    def __init__(self):
        super().__init__(p)
        c = p.channel
        length = 2 * c["length"]
        mesh = d.IntervalMesh(self.ring, 0, length)
        V = d.FunctionSpace(mesh, "P", 1, constrained_domain=Around(length))
        x = V.tabulate_dof_coordinates()[:, 0]
        # Node i of the ring is at the centre of its piece; turned by half a piece.
        self.order = np.argsort(x % length)
        u, v = d.TrialFunction(V), d.TestFunction(V)
        flux = d.Constant(c["diffusion"]) * u.dx(0) - d.Constant(c["speed"]) * u
        old = d.Function(V)
        half = d.Constant(0.5 * p.dt)
        left = d.assemble(u * v * d.dx + half * flux * v.dx(0) * d.dx)
        self.explicit = d.assemble(u * v * d.dx - half * flux * v.dx(0) * d.dx)
        self.solver = d.LUSolver(left, "default")
        self.left = left
        self.now, self.new, self.right = old.vector(), d.Function(V).vector(), d.Function(V).vector()

    def advance(self, shots):
        self.react(shots)
        for name in ("dissolved", "solid"):
            values = np.empty(self.ring)
            values[self.order] = getattr(self, name)
            self.now.set_local(values)
            self.explicit.mult(self.now, self.right)
            self.solver.solve(self.new, self.right)
            setattr(self, name, self.new.get_local()[self.order])
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

    steps()
    return worst, median_time(steps, seconds) / count


ledge_reference = np.array(reference["ledge_m"])
mass_reference = np.array(reference["mass_kg"])
results = []
for finer in (1, 1.5, 2, 3):
    walls_error, walls_s = run(
        lambda: Walls(1, finer), list(p.superheat),
        lambda w: wall_error_m(p, w.ends(), ledge_reference), 200, 2,
    )
    say(f"  fenics walls, {finer} x the nodes: error {walls_error:.3g} "
        f"(ours {reference['ours_wall_m']:.3g}), {1e6 * walls_s:.0f} us per cell-second")
    results.append({"part": "walls", "way": f"P1, {finer} x the nodes", "cells": 1,
                    "us": 1e6 * walls_s / p.dt, "error": walls_error})
    if walls_error <= reference["ours_wall_m"]:
        break
channel_worst, channels_s = run(
    Channels, list(p.feed), lambda c: channel_error(p, c.mass(), mass_reference), 200, 2
)
say(f"  fenics channels: error {channel_worst:.3g} (ours {reference['ours_channel']:.3g}), "
    f"{1e6 * channels_s:.0f} us per cell-second")
results.append({"part": "channels", "way": "P1, Crank-Nicolson, factors kept", "cells": 1,
                "us": 1e6 * channels_s / p.dt, "error": channel_worst})
print(json.dumps({"results": results, "version": d.__version__}))
