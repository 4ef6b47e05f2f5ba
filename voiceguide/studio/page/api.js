// The server's answers. What it refuses is thrown as a Fault, with errors that people can read.

export class Fault extends Error {
  constructor(errors, status) {
    super(errors[0]?.message);
    this.errors = errors;
    this.status = status;
  }
}

async function answer(address, options) {
  let response;
  try {
    response = await fetch(address, options);
  } catch {
    throw new Fault([{ message: "The studio does not answer", hint: "is `voiceguide studio` still running?" }], 0);
  }
  const text = await response.text();
  let body = {};
  try {
    body = JSON.parse(text);
  } catch {
    if (response.ok) throw new Fault([{ message: "The studio's answer can't be read", hint: null }], response.status);
  }
  if (!response.ok) throw new Fault(body.errors ?? [{ message: text.trim(), hint: null }], response.status);
  return body;
}

export function ask(path, query = {}) {
  const parameters = new URLSearchParams(query).toString();
  return answer(parameters ? `${path}?${parameters}` : path);
}

export function tell(path, body = {}) {
  return answer(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
}
