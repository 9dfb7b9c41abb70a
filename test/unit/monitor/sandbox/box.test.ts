import { expect } from 'chai';
import { type BoxPlaces, boxArgs } from '../../../../monitor/sandbox/box.ts';
import type { ShownPlace } from '../../../../monitor/sandbox/shown-places.ts';

const PLAIN = { closesUserNamespaces: false, seccompFd: null };

function boxed(places: readonly ShownPlace[], more: Partial<BoxPlaces> = {}, network = false): string {
  const given: BoxPlaces = {
    system: [
      { path: '/usr/lib', linkTo: null },
      { path: '/lib', linkTo: 'usr/lib' },
    ],
    build: [{ path: '/app/dist', real: '/app/dist' }],
    lines: '/run/lines',
    own: '/run/workers/dsl-1',
    shown: { places, network, key: '' },
    ...more,
  };
  return boxArgs(given, PLAIN).join(' ');
}

describe('the command line of a sandbox', () => {
  it('lets a worker write to its own directory, and nowhere else', () => {
    const args = boxed([{ path: '/data', real: '/data' }]);
    expect(args.match(/--bind \S+ \S+/g)).to.deep.equal(['--bind /run/workers/dsl-1 /run/workers/dsl-1']);
    expect(args).to.include('--ro-bind /data /data').and.to.include('--remount-ro /dev --remount-ro /');
    expect(args).to.include('--symlink usr/lib /lib').and.to.include('--cap-drop ALL');
  });

  it('takes the network away, unless a connection needs it', () => {
    expect(boxed([])).to.include('--unshare-net');
    expect(boxed([], {}, true)).to.not.include('--unshare-net');
  });

  it('shows a place under the path that is configured, and under that its links lead to', () => {
    expect(boxed([{ path: '/data/current', real: '/srv/2001' }])).to.include('--ro-bind /srv/2001 /srv/2001');
    expect(boxed([{ path: '/data/current', real: '/srv/2001' }])).to.include(
      '--symlink /srv/2001 /data/current',
    );
  });

  it('makes no link where another place has it already', () => {
    const places = [
      { path: '/data', real: '/data' },
      { path: '/data/current', real: '/data/2001' },
    ];
    expect(boxed(places)).to.not.include('--symlink /data/2001');
  });

  it('mounts outer places before those inside of them', () => {
    const places = [
      { path: '/a/b/c', real: '/a/b/c' },
      { path: '/a', real: '/a' },
    ];
    const args = boxed(places);
    expect(args.indexOf('--ro-bind /a /a')).to.be.below(args.indexOf('--ro-bind /a/b/c'));
  });

  it('needs nothing of the system besides a root that shows everything', () => {
    expect(boxed([{ path: '/', real: '/' }])).to.not.include('/usr/lib');
  });

  it('passes the filter, and closes user namespaces, where that is possible', () => {
    const args = boxArgs(
      { system: [], build: [], lines: '/l', own: '/o', shown: { places: [], network: false, key: '' } },
      { closesUserNamespaces: true, seccompFd: 4 },
    ).join(' ');
    expect(args)
      .to.include('--disable-userns')
      .and.to.match(/--seccomp 4 --$/);
  });
});
