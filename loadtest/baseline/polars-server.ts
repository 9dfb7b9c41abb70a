/**
 * A one-process server in Python, as a team of data people would write it: connectorx reads the SQL's rows into Arrow memory,
 * polars runs the stages on its threads, the rows leave as JSON. The program's text is here because it is not built: it is
 * started with `python -c`. It prints the port that it listens on.
 */
export const POLARS_SERVER = String.raw`
import json, os, re, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
import polars as pl

URL = os.environ["DATABASE_URL"]

AGGREGATES = {
    "count": lambda _: pl.len(),
    "avg": lambda name: pl.col(name).mean(),
    "max": lambda name: pl.col(name).max(),
    "min": lambda name: pl.col(name).min(),
    "dc": lambda name: pl.col(name).drop_nulls().n_unique(),
}

def aggregate(text):
    function, argument, name = re.fullmatch(r"(\w+)\((\w*)\) as (\w+)", text).groups()
    return AGGREGATES[function](argument).alias(name)

def pairs(text, pattern):
    return [re.fullmatch(pattern, item.strip()).groups() for item in text.split(",")]

def run_stage(frame, stage):
    name, rest = re.fullmatch(r"(\w+)\s*(.*)", stage, re.S).groups()
    if name == "where":
        return frame.filter(pl.sql_expr(rest))
    if name == "eval":
        return frame.with_columns([pl.sql_expr(value).alias(key) for key, value in pairs(rest, r"(\w+)\s*=\s*(.+)")])
    if name == "rename":
        return frame.rename(dict(pairs(rest, r"(\w+) as (\w+)")))
    if name == "fields":
        return frame.select([item.strip() for item in rest.split(",")])
    if name == "stats":
        aggregates, by = rest.split(" by ")
        return frame.group_by(by.strip()).agg([aggregate(item.strip()) for item in aggregates.split(",")])
    if name == "sort":
        keys = pairs(rest, r"([-+]?)(\w+)")
        return frame.sort([key for _, key in keys], descending=[sign == "-" for sign, _ in keys], nulls_last=True)
    if name == "head":
        return frame.head(int(rest))
    raise ValueError("unknown stage " + name)

def run(query):
    sql, *stages = [part.strip() for part in re.split(r"(?<!\|)\|(?!\|)", query)]
    frame = pl.read_database_uri(sql, URL, engine="connectorx").lazy()
    for stage in stages:
        frame = run_stage(frame, stage)
    return frame.collect()

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        try:
            found = run(json.loads(body)["query"])
            columns = json.dumps([{"name": name} for name in found.columns])
            text = '{"columns":%s,"rows":%s,"rowCount":%d,"complete":true}' % (columns, found.write_json(), found.height)
            self.reply(200, text.encode())
        except Exception as error:
            self.reply(400, json.dumps({"error": str(error)}).encode())

    def do_GET(self):
        self.reply(404, b"{}")

    def reply(self, status, body):
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
`;
