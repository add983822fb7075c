/** Boxes and arrows in layers from left to right, by dagre. Knows nothing of what is in the boxes. */
import { Graph, layout } from "@dagrejs/dagre";

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Layered extends Size {
  /** The middle of each box. */
  readonly boxes: readonly Point[];
  /** The way of each arrow, from the edge of one box to that of another. */
  readonly arrows: readonly (readonly Point[])[];
}

interface Arrow {
  readonly from: number;
  readonly to: number;
}

export function layered(sizes: readonly Size[], arrows: readonly Arrow[]): Layered {
  const graph = new Graph({ multigraph: true });
  graph.setGraph({ rankdir: "LR", ranksep: 44, nodesep: 12, edgesep: 8, marginx: 4, marginy: 4 });
  sizes.forEach(({ width, height }, place) => {
    graph.setNode(String(place), { width, height });
  });
  arrows.forEach(({ from, to }, place) => {
    graph.setEdge(String(from), String(to), {}, String(place));
  });
  layout(graph);
  const { width = 0, height = 0 } = graph.graph() as Partial<Size>;
  return {
    width,
    height,
    boxes: sizes.map((_, place) => graph.node(String(place)) as Point),
    arrows: arrows.map(({ from, to }, place) => {
      const { points } = graph.edge(String(from), String(to), String(place)) as {
        points: readonly Point[];
      };
      return points;
    }),
  };
}
