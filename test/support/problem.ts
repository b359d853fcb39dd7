/** What every error answer of the API must be, in one place. */
import { expect } from 'chai';
import { problems, type ProblemCode } from '../../src/errors.ts';
import type { Answer } from './engine.ts';

/** The answer is this problem document, complete, with nothing of our insides in it; `paths` are the faulty fields, all of them. */
export function expectProblem(answer: Answer, code: ProblemCode, paths?: string[]): void {
  expect(answer.body.code, answer.text).to.equal(code);
  expect(answer.status).to.equal(problems[code].status);
  expect(answer.headers.get('content-type')).to.match(/^application\/problem\+json/);
  expect(answer.body).to.include({ type: `urn:punctual:problem:${code}`, title: problems[code].title, status: answer.status });
  expect(answer.body.instance).to.equal(`urn:uuid:${answer.headers.get('x-request-id')}`);
  expect(answer.text).to.not.match(/node_modules|\.ts:\d|select |insert |Error:/);
  if (paths) expect(faultPaths(answer)).to.deep.equal([...paths].sort());
}

export const faultPaths = (answer: Answer): string[] => (answer.body.faults ?? []).map((fault: { path: string }) => fault.path).sort();
