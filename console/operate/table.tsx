/** A table with a heading, and the names of its columns. */
import type { ComponentChildren } from 'preact';

interface TableProps {
  readonly title: string;
  /** An empty name is a column of buttons. */
  readonly heads: readonly string[];
  readonly children: ComponentChildren;
}

export function Table({ title, heads, children }: TableProps) {
  return (
    <div>
      <h2>{title}</h2>
      <section class="table" tabIndex={0} aria-label={title}>
        <table>
          <thead>
            <tr>
              {heads.map((head) =>
                head === '' ? (
                  <td key="buttons" />
                ) : (
                  <th key={head} scope="col">
                    {head}
                  </th>
                ),
              )}
            </tr>
          </thead>
          <tbody>{children}</tbody>
        </table>
      </section>
    </div>
  );
}
