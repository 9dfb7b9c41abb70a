/** The models of the catalogue: run one, write its name into the query, or look at its text, columns and parameters. */
import { useState } from 'preact/hooks';
import { findModels, modelNamed } from '../api/catalogue.ts';
import type { ListedModel, Model } from '../api/catalogue-types.ts';
import { unreachable } from '../api/problem.ts';
import { runText } from '../commands/run-text.ts';
import { parameterText } from '../state/parameters.ts';
import { changeTab, openAsked, openTab } from '../state/tabs.ts';
import { notice, view } from '../state/view.ts';
import { words } from '../words/words.ts';
import { insertOrBegin } from './insert.ts';
import { modelName } from './names.ts';
import { ColumnNames } from './table-list.tsx';
import { useAsked } from './use-asked.ts';

export function ModelList({ wanted }: { readonly wanted: string }) {
  const { value, failure } = useAsked((signal) => findModels(wanted, signal), [wanted]);
  const said = words.value;
  if (failure !== '') return <p role="alert">{failure}</p>;
  if (value === null) return null;
  return (
    <section aria-label={said.models}>
      <h2>{said.models}</h2>
      <ul class="things">
        {value.models.map((model) => (
          <ModelThing key={model.name} model={model} />
        ))}
      </ul>
      {value.models.length === 0 && <p class="empty">{wanted === '' ? said.noModels : said.nothingFound}</p>}
      {value.next !== null && <p class="cut">{said.moreModels(value.models.length)}</p>}
    </section>
  );
}

function ModelThing({ model: { name, version, description, owner, tags, brokenSince } }: ThingProps) {
  const [isOpen, setOpen] = useState(false);
  const said = words.value;
  const written = modelName(name);
  const run = () =>
    void modelNamed(name, new AbortController().signal).then(
      (model) => {
        openAsked({ query: written, ...connectionPart(), params: defaultsOf(model) });
        const parameters = (model.definition.parameters ?? []).map((one) => one.name);
        changeTab({ model: { name, parameters } });
        view.value = 'rows';
        void runText(written);
      },
      (thrown: unknown) => {
        notice.value = unreachable(thrown).problem.detail;
      },
    );
  return (
    <li>
      <div class="actions">
        <button type="button" class="link" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          <strong>{name}</strong>
        </button>
        <button type="button" aria-label={`${said.run}: ${name}`} onClick={run}>
          {said.run}
        </button>
        <button
          type="button"
          aria-label={`${said.insert}: ${name}`}
          onClick={() => insertOrBegin(written, written)}
        >
          {said.insert}
        </button>
        <small>{[said.version(version), owner, ...tags].filter((text) => text !== '').join(' · ')}</small>
        {brokenSince !== null && <span class="cut">{said.brokenSince(brokenSince)}</span>}
      </div>
      {description !== '' && <p>{description}</p>}
      {isOpen && <ModelDetail name={name} />}
    </li>
  );
}

interface ThingProps {
  readonly model: ListedModel;
}

/** A model that names no connection reads that of the query. */
function connectionPart(): { readonly connection?: string } {
  const { connection } = openTab.value;
  return connection === null ? {} : { connection };
}

/** Returns the values of a model's parameters that have a default. */
function defaultsOf({ definition: { parameters = [] } }: Model): Readonly<Record<string, unknown>> {
  const given = parameters.filter((one) => one.default !== undefined);
  return Object.fromEntries(given.map((one) => [one.name, one.default]));
}

function ModelDetail({ name }: { readonly name: string }) {
  const { value, failure } = useAsked((signal) => modelNamed(name, signal), [name]);
  const said = words.value;
  if (failure !== '') return <p role="alert">{failure}</p>;
  if (value === null) return <p class="empty">{said.loading}</p>;
  const { definition, columns } = value;
  const { connection, language, parameters = [], query, table } = definition;
  const text = query ?? `select * from ${table}`;
  const open = () => {
    const asked = { query: text, params: defaultsOf(value) };
    openAsked(connection === undefined ? asked : { ...asked, connection });
  };
  return (
    <>
      <ColumnNames columns={columns} />
      {parameters.length > 0 && (
        <dl class="parameters-of">
          {parameters.map((one) => (
            <div key={one.name}>
              <dt>
                <code>:{one.name}</code> <small>{one.type}</small>
              </dt>
              <dd>
                {one.default !== undefined && <code>{parameterText(one.default)}</code>} {one.description}
              </dd>
            </div>
          ))}
        </dl>
      )}
      <pre>{text}</pre>
      {language !== 'legacy' && (
        <button type="button" aria-label={`${said.openText}: ${name}`} onClick={open}>
          {said.openText}
        </button>
      )}
    </>
  );
}
