/** The console in a real browser: what people do there, from the first letter to a link. All of it shares one browser and one server. */
import { useConsole } from '../support/console-suite.ts';
import { largeTests } from './console/large-tests.ts';
import { lookTests } from './console/look-tests.ts';
import { operateTests } from './console/operate-tests.ts';
import { panelTests } from './console/panel-tests.ts';
import { peopleTests } from './console/people-tests.ts';
import { troubleTests } from './console/trouble-tests.ts';
import { writeTests } from './console/write-tests.ts';

describe('the console', function () {
  this.timeout(120_000);
  const the = useConsole();
  describe('writes', () => writeTests(the));
  describe('looks and shares', () => lookTests(the));
  describe('operates', () => operateTests(the));
  describe('has data and jobs', () => panelTests(the));
  describe('is for everybody', () => peopleTests(the));
  describe('bears what is large', () => largeTests(the));
  describe('bears trouble', () => troubleTests(the));
});
