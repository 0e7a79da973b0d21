import { provide, type Need } from './apt-needs.ts';

/*
 * Installs what the tests run against and npm does not have: Ceph's object gateway, and Java for DynamoDB Local (which itself is
 * a devDependency). Does nothing where all is there.
 */
const needs: Need[] = [
  { command: 'ceph', aptPackage: 'ceph-common' },
  { command: 'ceph-mon', aptPackage: 'ceph-mon' },
  { command: 'ceph-osd', aptPackage: 'ceph-osd' },
  { command: 'radosgw', aptPackage: 'radosgw' },
  { command: 'java', aptPackage: 'default-jre-headless' },
  { command: 'openssl', aptPackage: 'openssl' },
  // For what DynamoDB Streams do after hours.
  { command: 'faketime', aptPackage: 'faketime' },
];

if (!provide('Tests', needs)) process.exitCode = 1;
