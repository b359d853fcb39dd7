/** Goal: workflow code stays deterministic. Method: bundle it as the worker does, and look for what must not be inside. */
import { expect } from 'chai';
import { bundleOf } from '../support/scripted.ts';

/** What must not be in a bundle, by the path that webpack names its modules with. */
const forbidden = ['luxon', '@mikro-orm', 'express', 'pg', 'nodemailer', 'pino', 'uuid', 'zod'];
const found = (code: string) => forbidden.filter((name) => code.includes(`/node_modules/${name}/`));

describe('the workflow bundle', () => {
  it('our workflows, bundled, hold no luxon, ORM, HTTP or provider', async () => {
    const { code } = await bundleOf('../../workflows/index.ts');

    expect(found(code)).to.deep.equal([]);
    expect(code).not.to.match(/src\/(db|http|integrations|config)/);
  });

  it('a workflow that imports luxon through the domain, bundled, is found out', async () => {
    const { code } = await bundleOf('../histories/broken/imports-luxon.ts');

    expect(found(code)).to.include('luxon');
  });
});
